"""What each kind of product needs to know of it: the sub-table of a product that is named after its kind.

    [products.post]
    kind = "job_posting"
    [products.post.job_posting]
    days = 30

A new kind that has options: a class here, and one field of `ProductTable` named after the kind.
"""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
