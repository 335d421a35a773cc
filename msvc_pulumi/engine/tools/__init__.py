"""The programs that the engine takes: found on this machine, or built."""
