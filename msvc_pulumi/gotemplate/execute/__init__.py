"""Templates compiled and executed, with the functions of text/template itself."""
