"""Notes that commands print about the example."""

from __future__ import annotations

#: `examples/shop.json` reads a file whose key it does not name.
UNKNOWN_KEY = (
    "note: unknown whether a customer managed key encrypts arn:aws:s3:::shop-config/web.env; if one does,"
    " pass --file-key-arn ARN\n"
)
