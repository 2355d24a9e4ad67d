"""What needs a container engine, proven with one: ``python -m deploy.containers COMMAND...``.

Builds the image and runs the command beside the engine: the one that answers (``DOCKER_HOST``, or Docker's own
socket), else a podman of our own where this is root on Linux. That one lives in namespaces of its own and leaves
nothing behind, however it ends::

    __main__        which engine; what is missing where there is none
    namespaces      a mount, process and network namespace that end with whoever made them
    private_engine  podman in them: its settings, its service, the images, then the command
    stand_ins       images made of what is on this machine, in place of those of a registry
    image           `make image`
    stand_in/       the stand-in for Kafka and the schema registry, and how it starts
"""
