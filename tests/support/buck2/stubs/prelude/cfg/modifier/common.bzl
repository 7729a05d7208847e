MODIFIER_METADATA_KEY = "buck.cfg_modifiers"
