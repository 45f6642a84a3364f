"""Values and rules of the field: grids, maps, rectangles, measuring, protocol. Knows numpy only."""
