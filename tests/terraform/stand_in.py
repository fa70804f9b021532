"""A stand-in for the provider hashicorp/aws, so that Terraform itself plans and applies against the emulator.

Types and attributes are those of hashicorp/aws (https://registry.terraform.io/providers/hashicorp/aws/latest/docs), as
far as the tests use them. It is served over plugin protocol 6. What Terraform starts from the mirror is a launcher of
some lines that asks this process for a server of its own: each configuration of the provider has one, and none of them
has to import grpc and boto3 again.

Usage: python -m tests.terraform.stand_in SOCKET ENDPOINT_URL
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from tf import iface
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_service
from tf.gen import grpc_stdio_pb2_grpc as stdio_service
from tf.gen import tfplugin_pb2_grpc as provider_service
from tf.provider import ProviderServicer
from tf.schema import Schema

from tests.terraform.data_sources import DATA_SOURCES
from tests.terraform.kinds import Account, optional
from tests.terraform.resources import RESOURCES


class StandIn(iface.Provider):
    """One configuration of the provider."""

    def __init__(self, endpoint_url: str) -> None:
        self.account = Account(endpoint_url)

    def get_model_prefix(self) -> str:
        return "aws_"

    def full_name(self) -> str:
        return "registry.terraform.io/hashicorp/aws"

    def get_provider_schema(self, diags: Any) -> Schema:
        return Schema(attributes=[optional("region"), optional("access_key"), optional("secret_key")])

    def validate_config(self, diags: Any, config: Any) -> None:
        pass

    def configure_provider(self, diags: Any, config: Any) -> None:
        self.account = self.account.configured(config["region"], config["access_key"])

    def get_data_sources(self) -> Any:
        return DATA_SOURCES

    def get_resources(self) -> Any:
        return RESOURCES


class Controller(controller_service.GRPCControllerServicer):
    """What go-plugin calls when Terraform is done with a provider."""

    def __init__(self) -> None:
        self.done = threading.Event()

    def Shutdown(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        self.done.set()
        return controller.Empty()


class Stdio(stdio_service.GRPCStdioServicer):
    def StreamStdio(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return iter(())


def serve(launcher: socket.socket, path: str, endpoint_url: str) -> None:
    """Serve one configuration for as long as Terraform wants, and tell its launcher where and when it is over."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    ending = Controller()
    provider_service.add_ProviderServicer_to_server(ProviderServicer(StandIn(endpoint_url)), server)
    controller_service.add_GRPCControllerServicer_to_server(ending, server)
    stdio_service.add_GRPCStdioServicer_to_server(Stdio(), server)
    server.add_insecure_port(f"unix://{path}")
    server.start()
    with launcher:
        # https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md#handshake
        launcher.sendall(f"1|6|unix|{path}|grpc|\n".encode())
        ending.done.wait(120)
    server.stop(0)


def main(listening_at: str, endpoint_url: str) -> None:
    # The pipe on standard input closes when the owner dies.
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(listening_at)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for number in range(sys.maxsize):
            launcher, _ = listening.accept()
            path = str(Path(listening_at).with_name(f"{number}.sock"))
            threading.Thread(target=serve, args=(launcher, path, endpoint_url), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
