"""The functions of sprig 3.3.0 by theme; `execute.functions` imports a theme when it is named."""
