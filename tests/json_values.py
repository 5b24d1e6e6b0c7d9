"""What a file of JSON or YAML holds, in tests that change it or look into it."""

from typing import Any

Document = dict[str, Any]
"""A mapping whose values a test knows: an accelerator, a mapping entry, a result."""
