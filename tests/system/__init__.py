"""Tests of a system of cores."""
