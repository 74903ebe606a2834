"""A queue that is nothing but a list."""

from settlement.jobs.names import Job


class ListQueue:
    """Remembers what was queued."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    @property
    def ids(self) -> list[str]:
        return [job.id for job in self.jobs]

    async def enqueue(self, job: Job) -> bool:
        if job in self.jobs:
            return False
        self.jobs.append(job)
        return True
