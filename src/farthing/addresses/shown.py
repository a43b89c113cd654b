"""An address over HTTP."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from farthing.addresses.model import Address
from farthing.http.bodies import Body, Shown, Storable

Text = Annotated[str, StringConstraints(max_length=300), Storable]


class AddressIn(Body):
    """As its country writes one: what the country requires must be there. Names in camel case will do."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    country: Annotated[Text, Field(description="Two letters.", examples=["DE"])]
    name: Annotated[Text, Field(examples=["Ada Lovelace"])]
    line1: Annotated[Text, Field(examples=["Marktplatz 1"])]
    line2: Text | None = None
    company: Text | None = None
    city: Annotated[Text, Field(examples=["Bonn"])] | None = None
    state: Text | None = None
    postal_code: Annotated[Text, Field(examples=["53111"])] | None = None
    phone: Text | None = None


class AddressShown(Shown):
    country: str
    name: str
    line1: str
    line2: str | None
    company: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    phone: str | None

    @classmethod
    def of(cls, address: Address) -> "AddressShown":
        return cls(**address.plain())

    @classmethod
    def perhaps(cls, address: Address | None) -> "AddressShown | None":
        return None if address is None else cls.of(address)
