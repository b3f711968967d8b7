"""`athanor metrics`: a store in numbers for Prometheus."""

from typing import Annotated

import typer

from agent.commands.common import Exit, StoreOption, console, errors, existing


def metrics(
    serve: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve them at this port until Ctrl-C; 0 is any."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to serve at; who reaches it can read them.")
    ] = "127.0.0.1",
    store: StoreOption = None,
) -> None:
    """Print the store's campaigns and instruments in Prometheus's text format, or serve them."""
    from prometheus_client import start_http_server

    from agent.assemble import SystemClock
    from agent.metrics import exposition, registry

    clock = SystemClock()
    with existing(store) as opened:
        if serve is None:
            typer.echo(exposition(opened, clock.now), nl=False)
            return
        server, thread = start_http_server(serve, host, registry(opened, clock.now))
        console.print(f"http://{host}:{server.server_port}/metrics", highlight=False)
        try:
            thread.join()
        except KeyboardInterrupt:
            errors.print("no longer served")
            raise typer.Exit(Exit.INTERRUPTED) from None
        finally:
            server.shutdown()
            server.server_close()
