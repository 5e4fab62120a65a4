"""The column `architecture` of a table: JSON, of an encoder or of a decoder, each as its source writes it."""

from __future__ import annotations

import json
from typing import Any

from search_spaces.candidate import Architecture
from search_spaces.errors import SpaceError
from search_spaces.published_decoder import decoder_from_table


def architecture_of(cell: str) -> Architecture:
    """Returns the architecture that a cell names.

    Encoders are ``{"layers": [{"hidden", "heads", "feed_forward"}]}``, decoders as in
    `search_spaces.published_decoder`; they are told apart by `embed_dim`.

    Raises:
        SpaceError: the cell is not JSON, or a gene is unknown, missing or out of range.
    """
    try:
        payload: Any = json.loads(cell)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SpaceError('architecture: expected JSON such as {"layers": […]}, got something else') from error
    if isinstance(payload, dict) and "embed_dim" in payload:
        return decoder_from_table(payload)
    return Architecture.from_json(payload)
