"""The simplest game, in place of a cell's own data and players."""

from dataclasses import replace

from benchmarks.studies.dirac import Dirac, DiracPlayers


def dirac_cell(cell, theta=1.0, psi=-1.0):
    """Return the cell with the Dirac-GAN in place of its data and players."""
    players = DiracPlayers(theta, psi)
    return replace(
        cell,
        dataset=replace(cell.dataset, value=Dirac()),
        generator=replace(cell.generator, value=players),
        discriminator=replace(cell.discriminator, value=players),
    )
