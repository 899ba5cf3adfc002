from django.db import models
from haystack import indexes


class Car(models.Model):
    """A car."""

    model = models.CharField(max_length=40, default="model-3")
    engine = models.CharField(default="v8-4.0")


class Agent(models.Model):
    name = models.CharField(max_length=40)


def train(model: str, task: "Task") -> None:
    Pipeline(model=model).run(Task(name="flux"))
