"""What templates may cost, and the meters that hold them to it."""
