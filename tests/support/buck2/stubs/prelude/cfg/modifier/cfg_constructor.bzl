def cfg_constructor_pre_constraint_analysis(**_more):
    fail("not called when files are read")

def cfg_constructor_post_constraint_analysis(**_more):
    fail("not called when files are read")
