"""Files of other forms as ZigZag's of today, and workloads as other tools read them."""
