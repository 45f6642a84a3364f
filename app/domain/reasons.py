"""Reason codes of the protocol; their words stand in the sentence catalogue of the window."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a level was not measured or a patient excluded."""

    FX_ACUTE = "FX_ACUTE"
    FX_OLD = "FX_OLD"
    HEMANG = "HEMANG"
    FOCAL = "FOCAL"
    SCHMORL = "SCHMORL"
    MODIC = "MODIC"
    DEGEN = "DEGEN"
    SCOLI = "SCOLI"
    SURG = "SURG"
    CEMENT = "CEMENT"
    METAL = "METAL"
    LSTV = "LSTV"
    SWAP = "SWAP"
    MOTION = "MOTION"
    B0 = "B0"
    NOISE = "NOISE"
    FOV = "FOV"
    TOOSMALL = "TOOSMALL"
    DX_MARROW = "DX_MARROW"
    THERAPY = "THERAPY"
    NODATA = "NODATA"
    OTHER = "OTHER"
