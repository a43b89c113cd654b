"""Visitors who fill in the forms of the pages as a browser does."""

import re
from dataclasses import dataclass

import httpx

from farthing.web.staff import Role

PASSWORD = "correct horse battery staple"
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass(slots=True)
class Visitor:
    """A client with a cookie jar. `post` sends the token of the last page it saw, as the form on it would."""

    http: httpx.AsyncClient
    token: str = ""

    async def get(self, path: str) -> httpx.Response:
        answer = await self.http.get(path)
        found = _TOKEN.search(answer.text)
        self.token = found[1] if found else self.token
        return answer

    async def post(self, path: str, /, **fields: str) -> httpx.Response:
        if not self.token:
            await self.get("/admin/sign-in")
        return await self.http.post(path, data={"form_token": self.token, **fields})

    async def follow(self, answer: httpx.Response) -> str:
        """The text of the page that a form leads to."""
        assert answer.status_code == 303, answer.text
        return (await self.get(answer.headers["location"])).text

    async def sign_in(self, role: Role) -> None:
        answer = await self.post("/admin/sign-in", email=f"{role}@shop.example", password=PASSWORD)
        assert answer.status_code == 303
