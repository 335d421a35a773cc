"""ModelServices together: the plans of a run, and what they would take from each other."""
