"""Why one evaluation costs less than another: both results taken apart, part by part, until the gap is explained."""
