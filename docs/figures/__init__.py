"""The figures of the documents: ``python -m docs.figures``, from the repository's root."""
