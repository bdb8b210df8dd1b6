"""schemathesis against the whole document: nothing is answered that the document does not say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schema_campaign as campaign
from whole_world import ADMIN, WATER, World, served, world

from missions.access import Principal

EXAMPLES = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home: Path = tmp_path_factory.mktemp("world")
    with world(home) as made, served(made):
        yield made


@pytest.mark.parametrize("principal", [ADMIN, WATER], ids=["administrator", "member"])
@pytest.mark.parametrize("known", [False, True], ids=["anything", "things that there are"])
@pytest.mark.filterwarnings("ignore")
def test_every_answer_is_one_that_the_document_promises(
    made: World, principal: Principal, known: bool
) -> None:
    headers = {"Authorization": f"Bearer {made.token(principal)}"}
    found = [
        fault
        for operation in campaign.operations(made)
        for fault in campaign.faults(operation, EXAMPLES, headers, known=known)
    ]
    assert not found, "\n\n".join(found)
