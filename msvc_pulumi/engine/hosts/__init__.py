"""Programs within this process that the engine runs: language hosts."""
