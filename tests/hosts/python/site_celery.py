"""An application of Celery whose engines are opened at import, in the main process.

A folder stands in for the message server. `site_celery.py COUNT` sends jobs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import paths  # noqa: F401 - before what it finds
from celery import Celery  # type: ignore[import-untyped]
from work import Store, open_stores, work_everywhere

FOLDER = Path(os.environ["HOST_FOLDER"])

app = Celery("site", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(FOLDER / "queue"),
        "data_folder_out": str(FOLDER / "queue"),
        "control_folder": str(FOLDER / "control"),
        "polling_interval": 0.05,
    },
    worker_max_tasks_per_child=10,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)

STORES: list[Store] = []
if __name__ != "__main__":
    STORES = open_stores()
    work_everywhere(STORES)


@app.task(name="site.job")  # type: ignore[untyped-decorator]
def job() -> list[int]:
    """Works on both stores."""
    return [store.work() for store in STORES]


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        job.delay()
