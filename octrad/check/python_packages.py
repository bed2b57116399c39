"""Whether the Python packages are there that octrad imports. Nothing is imported: some take seconds."""

from importlib.util import find_spec

from octrad.foundation.finding import Finding

# Import name → the name to install.
NEEDED = {
    "aiohttp": "aiohttp",
    "detect_secrets": "detect-secrets",
    "google.protobuf": "protobuf",
    "google.rpc": "googleapis-common-protos",
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "grpc_reflection": "grpcio-reflection",
    "grpc_status": "grpcio-status",
    "jsonschema": "jsonschema",
    "litellm": "litellm",
    "procrastinate": "procrastinate",
    "psycopg": "psycopg",
    "psycopg_pool": "psycopg-pool",
    "pydantic": "pydantic",
    "systemd": "systemd-python",
}


def check_python_packages() -> Finding:
    """One finding for all of them."""
    missing = sorted(name for module, name in NEEDED.items() if not _is_there(module))
    if missing:
        return Finding("python packages", ok=False, detail=f"missing: {', '.join(missing)}", hint="pip install octra")
    return Finding("python packages", ok=True, detail=f"all {len(NEEDED)} are there")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False
