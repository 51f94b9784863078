"""Alembic's migrations, inside the package: they work from a wheel (see `Database.migrate`)."""
