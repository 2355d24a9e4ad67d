"""How the product is put into operation: image, Kubernetes, local stack, simulated remotes."""
