"""Where to look next: acquisition, gradient ascent through relaxed genes, projection and discrete polish.

Everything here minimises, and is a pure function of a `SearchState`. The stages of one proposal, one file each:

    state -> beliefs (fit surrogates) -> acquisition -> starts -> ascent (in the cube) -> decode -> polish -> batch
"""
