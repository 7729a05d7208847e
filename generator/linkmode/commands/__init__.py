"""The subcommands, one module each; `linkmode.cli` loads a module when its command is called."""
