"""The subcommands, one module each. `linkmode.cli.main` imports a module when its command is called."""
