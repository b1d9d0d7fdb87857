"""How pictures become smaller and worse on their way to the user: for training and measuring."""
