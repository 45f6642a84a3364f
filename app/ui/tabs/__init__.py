"""What each statistics tab shows, as values: texts, tables, figures. No Qt, no statistics of its own."""
