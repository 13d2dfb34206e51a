import json

from sandbox.arm.control import ROUTES, Control
from sandbox.arm.faults import HTTP_KINDS, Faults
from sandbox.arm.messages import Request
from sandbox.arm.settings import Settings
from tests.support.arm_builders import a_simulator


def test_where_there_is_no_route_it_lists_all_that_the_control_can_do() -> None:
    simulator = a_simulator()
    control = Control(simulator.api, simulator.ledger, Faults(), Settings())

    response = control.handle(Request("GET", "/", {}))

    assert response.status == 404
    assert response.body.endswith(b"\n")
    listed = json.loads(response.body)
    assert listed["message"].split("; ") == [" ".join(route) for route in ROUTES]
    assert set(listed["faults"]) == HTTP_KINDS
    assert listed["settings"] == Settings().as_json()
