"""The syntax tree of a template, as text/template/parse makes it."""
