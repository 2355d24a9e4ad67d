"""The manifests on a real cluster: applied with the image, under load, disturbed, and judged by the simulators."""
