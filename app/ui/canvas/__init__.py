"""Map views: picture, rectangles, crosshair."""
