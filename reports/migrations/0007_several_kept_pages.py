from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0006_remember_replies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("keptpost", "kept_once_per_user_and_path"),
        migrations.AddIndex("keptpost", models.Index(fields=["user", "-kept_at"], name="kept_by_user")),
    ]
