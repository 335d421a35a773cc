"""What the operator tells over HTTP and in its log."""
