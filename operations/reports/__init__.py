"""What the tables of ``views`` answer: the change order log, open items, what people did. Nothing else is asked."""
