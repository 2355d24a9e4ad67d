"""State of one owned partition: stores, unit of work, scheduler, holds."""
