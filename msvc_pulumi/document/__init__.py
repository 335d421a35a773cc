"""Inputs and outputs as YAML: plain values that know where they are written."""
