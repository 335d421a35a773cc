"""What each diagnostic code means: one YAML file a code, read when somebody asks (`catalogue`)."""
