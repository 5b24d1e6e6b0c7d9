"""Models x accelerators x options, where an accelerator may be a template with parameters (docs/sweep.md)."""
