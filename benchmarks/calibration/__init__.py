"""How the estimators of `ganbench.metrics` do on laws whose divergences are known."""
