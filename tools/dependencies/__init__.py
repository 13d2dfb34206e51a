"""The watch over dependencies: their licences, what is known against them, and their newest versions."""
