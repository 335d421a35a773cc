"""What a plan is made for: which kinds there are, what the cluster serves, what may be reached."""
