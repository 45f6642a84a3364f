"""The command line: arguments in, sentences or JSON out. One module a family of commands."""
